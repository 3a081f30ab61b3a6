// vite.config.js
import { plaidLink } from '@utdk/plaid/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  // With PLAID_SANDBOX_URL, Link comes from the local Sandbox; without it, from Plaid.
  plugins: [react(), plaidLink()],
})
