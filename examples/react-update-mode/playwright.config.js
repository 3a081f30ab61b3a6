import { defineConfig } from '@playwright/test'

// CHROMIUM names a browser that is installed already; without it, Playwright uses its own.
const executablePath = process.env.CHROMIUM || undefined

export default defineConfig({
  testDir: 'test',
  globalSetup: './test/build.js',
  reporter: 'list',
  use: { launchOptions: { executablePath, args: executablePath ? ['--no-sandbox'] : [] } },
})
