export type { KeySection } from './hooks.js'
export { keyFacts, type KeyFacts } from './key-facts.js'
