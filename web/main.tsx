/** The page: follows the address bar, asks the API, draws. */
import { render } from 'preact'

import { Explore } from './explore.tsx'
import { followCollector } from './state/collector.ts'
import { followRefresh } from './state/refresh.ts'
import { followTitle } from './state/title.ts'
import { followView } from './state/traffic.ts'
import { followHistory } from './state/view.ts'

followHistory()
render(<Explore />, document.querySelector('#page')!)
void followCollector()
followView()
followRefresh()
followTitle()
