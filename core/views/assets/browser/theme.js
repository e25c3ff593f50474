// Runs before the page is drawn, so that a dark page never flashes white.
const chosen = document.currentScript?.dataset.theme ?? 'auto'
const dark = matchMedia('(prefers-color-scheme: dark)')
function apply() {
  const kept = sessionStorage.getItem('khatm.theme') ?? chosen
  const isDark = kept === 'dark' || (kept !== 'light' && dark.matches)
  document.documentElement.setAttribute('data-bs-theme', isDark ? 'dark' : 'light')
}
apply()
dark.addEventListener('change', apply)
