export type { ContactValues, IdentifierScheme } from './hooks.js'
export { contactInput, type Contact, type ContactInput } from './models/contact.js'
export { partiesOf, type ContactParty } from './services/parties.js'
import './hooks.js'
