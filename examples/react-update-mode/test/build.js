// Builds the frontend before the tests, with React's development build: StrictMode runs each effect
// twice only there.

import path from 'node:path'
import { build } from 'vite'

export default async function buildApp() {
  const { NODE_ENV } = process.env
  process.env.NODE_ENV = 'development'
  const root = path.join(import.meta.dirname, '..')
  await build({ root, mode: 'development', logLevel: 'error' })
  if (NODE_ENV === undefined) delete process.env.NODE_ENV
  else process.env.NODE_ENV = NODE_ENV
}
