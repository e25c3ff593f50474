export { keyFacts, type KeyFacts } from './key-facts.js'
