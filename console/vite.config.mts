// Builds the console into one file, dist/index.html, which loads no other. The gateway embeds it, and
// a browser paints it after one request.

import { defineConfig } from 'vite'
import { viteSingleFile } from 'vite-plugin-singlefile'

export default defineConfig({
  root: import.meta.dirname,
  plugins: [viteSingleFile({ removeViteModuleLoader: true })],
  build: {
    target: 'es2022',
    // The first versions with `light-dark()`: code is dark in the light theme, so it must stay.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    reportCompressedSize: false,
  },
})
