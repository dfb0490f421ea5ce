/** The page: follows the address bar, asks the API, draws. */
import { render } from 'preact'

import { Shell } from './shell.tsx'
import { followCollector } from './state/collector.ts'
import { followHistory } from './state/route.ts'
import { askSession } from './state/session.ts'

followHistory()
render(<Shell />, document.querySelector('#page')!)
void askSession()
void followCollector()
