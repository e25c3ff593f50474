export type { ContactValues, IdentifierScheme } from './hooks.js'
import './hooks.js'
