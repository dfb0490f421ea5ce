/** What a panel says while its first answer takes long: it would look as if there were nothing to show. */
export function Waiting() {
  return <p class="dim tile-waiting">loading …</p>
}
