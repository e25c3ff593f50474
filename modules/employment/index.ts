export { demoContract, demoEmployee } from './demonstration.js'
export type { Employee } from './models/employee.js'
export { sendContract, type ContractInput } from './services/contracts.js'
