// The page's theme: the system's, or one that the user chose.

export type Theme = 'dark' | 'light' | 'system'

const STORAGE_KEY = 'utdk_theme'

export function storedTheme(): Theme {
  try {
    const theme = localStorage.getItem(STORAGE_KEY)
    return theme === 'dark' || theme === 'light' ? theme : 'system'
  } catch {
    return 'system'
  }
}

export function applyTheme(theme: Theme) {
  if (theme === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
}

export function storeTheme(theme: Theme) {
  try {
    if (theme === 'system') localStorage.removeItem(STORAGE_KEY)
    else localStorage.setItem(STORAGE_KEY, theme)
  } catch {
    // The browser refuses storage.
  }
}
