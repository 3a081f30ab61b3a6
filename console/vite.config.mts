// The console is built to one file, dist/index.html, which asks for no other: the gateway has it
// in its binary, and a browser paints it after one request.

import { defineConfig } from 'vite'
import { viteSingleFile } from 'vite-plugin-singlefile'

export default defineConfig({
  root: import.meta.dirname,
  plugins: [viteSingleFile({ removeViteModuleLoader: true })],
  build: { target: 'es2022', reportCompressedSize: false },
})
