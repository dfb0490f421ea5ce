/** Water over a weir. */
export function Logo() {
  return (
    <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
      <path class="logo-water" d="M3 10h10c3.4 0 3.4 11 6.6 11H29" />
      <path class="logo-water deep" d="M3 16.500h8c3 0 3.200 10 6.500 10H29" />
      <path class="logo-gate" d="M15 4v8" />
    </svg>
  )
}
