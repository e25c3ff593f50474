export * from './regime.js'
export type { Guide } from './hooks.js'
import './hooks.js'
