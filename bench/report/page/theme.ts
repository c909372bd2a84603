const KEY = 'pushgrid-report-theme'

/** Makes the button that changes between light and dark; what the reader chose stays chosen where the browser lets it. */
export function startTheme(changed: () => void): void {
  const system = matchMedia('(prefers-color-scheme: dark)')
  const button = document.getElementById('theme')
  let chosen = remembered()
  let onPaper = false
  const isDark = () => !onPaper && (chosen ?? (system.matches ? 'dark' : 'light')) === 'dark'
  const show = () => {
    document.documentElement.dataset['theme'] = isDark() ? 'dark' : 'light'
    if (button !== null) button.textContent = isDark() ? 'Light' : 'Dark'
    button?.setAttribute('aria-label', `Change to ${isDark() ? 'light' : 'dark'} colours`)
    changed()
  }
  button?.addEventListener('click', () => {
    chosen = isDark() ? 'light' : 'dark'
    remember(chosen)
    show()
  })
  system.addEventListener('change', show)
  // Paper is light.
  for (const [event, paper] of [
    ['beforeprint', true],
    ['afterprint', false],
  ] as const)
    addEventListener(event, () => {
      onPaper = paper
      show()
    })
  show()
}

// A file: URL may have no storage.
function remembered(): string | null {
  try {
    return localStorage.getItem(KEY)
  } catch {
    return null
  }
}

function remember(theme: string): void {
  try {
    localStorage.setItem(KEY, theme)
  } catch {
    // The choice lasts as long as the page, then.
  }
}
