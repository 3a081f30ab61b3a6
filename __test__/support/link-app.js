'use strict'

// Pages of an app that uses Link, served by Vite.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { linkOf } = require('./link.js')

const ROOT = path.join(__dirname, '../programs/link-page')

/** What Vite needs to serve the app on a free port, with its cache and builds in a new directory. */
function viteConfig(t, config = {}) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'plaid-vite-'))
  t.after(() => fs.rmSync(directory, { recursive: true, maxRetries: 3 }))
  const free = { host: '127.0.0.1', port: 0 }
  return {
    root: ROOT,
    configFile: false,
    logLevel: 'silent',
    cacheDir: path.join(directory, 'cache'),
    build: {
      emptyOutDir: true,
      outDir: path.join(directory, 'dist'),
      rolldownOptions: {
        input: ['index.html', 'script-tag.html'].map((name) => path.join(ROOT, name)),
      },
    },
    server: free,
    preview: free,
    ...config,
  }
}

/** Vite's development server. @returns its URL */
async function startVite(t, config) {
  const { createServer } = await import('vite')
  const server = await createServer(viteConfig(t, config))
  t.after(() => server.close())
  await server.listen()
  return urlOf(server)
}

/** A build, and the server for it. @returns its URL, and `files`, the text of all that was built */
async function startPreview(t, config) {
  const { build, preview } = await import('vite')
  const settings = viteConfig(t, config)
  await build(settings)
  const server = await preview(settings)
  t.after(() => server.close())
  const { outDir } = settings.build
  const files = fs
    .readdirSync(outDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => fs.readFileSync(path.join(entry.parentPath, entry.name), 'utf8'))
  return { url: urlOf(server), files: files.join('\n') }
}

function urlOf({ httpServer }) {
  return `http://127.0.0.1:${httpServer.address().port}`
}

/** The user links a new Item at First Platypus Bank. */
async function complete(page) {
  const { button, frame, logIn, selectFirstPlatypus, ...link } = linkOf(page)
  await selectFirstPlatypus.call(link)
  await logIn()
  await frame.getByText('Your accounts', { exact: true }).waitFor()
  await button('Continue').click()
  await button('Finish without saving').click()
}

/** The callbacks that the app got, as `[name, ...values]`; waits for the one named `last`. */
async function callsOf(page, last) {
  await page.waitForFunction((name) => globalThis.calls.some(([it]) => it === name), last)
  return page.evaluate(() => globalThis.calls)
}

module.exports = { callsOf, complete, startPreview, startVite }
