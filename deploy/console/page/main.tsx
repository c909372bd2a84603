import { render } from 'preact'
import { startTheme } from '../../../bench/report/page/theme.ts'
import { App } from './app.tsx'
import './style.css'

const place = document.getElementById('app')
if (place !== null) render(<App />, place)
// Plots are drawn in colours, and have to be drawn anew in others.
startTheme(() => dispatchEvent(new Event('themechange')))
