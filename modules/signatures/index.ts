import './hooks.js'

export type { RequestHappened, RequestNotice, SignaturePolicy } from './hooks.js'
export type { RequestSigner, SignRequest, RequestInput, SignerInput, RequestState } from './models/request.js'
export type { Template, TemplateVersion, TextContent, TextContentInput, MergeField } from './models/template.js'
export type { TemplateRole, TemplateRoleInput } from './models/role.js'
export type { TemplateField } from './models/field.js'
export { readRequest } from './services/request-rows.js'
export { readTemplate } from './services/template-rows.js'
