/** The page: follows the address bar, queries the API, draws. */
import { render } from 'preact'

import { Shell } from './shell.tsx'
import { followCollector } from './state/collector.ts'
import { followHistory, place } from './state/route.ts'
import { askSession } from './state/session.ts'

followHistory()
render(<Shell />, document.querySelector('#page')!)
// A wall may read only its dashboard.
if (!place.value.path.startsWith('/wall')) {
  void askSession()
  void followCollector()
}
