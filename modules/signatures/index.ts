import './hooks.js'

export type { RequestHappened, RequestNotice, SignaturePolicy } from './hooks.js'
export type { RequestSigner, SignRequest, RequestInput, SignerInput, RequestState } from './models/request.js'
export type { Template, TemplateVersion, TextContent, TextContentInput, MergeField } from './models/template.js'
export type { TemplateRole, TemplateRoleInput } from './models/role.js'
export type { TemplateField } from './models/field.js'
export { readRequest } from './services/request-rows.js'
export { readTemplate } from './services/template-rows.js'
export { createTextTemplate } from './templates/create-template.js'
export { materialise } from './templates/materialise.js'
export { editableVersion, markUsed, saveFields } from './templates/versions.js'
export { createRequest } from './services/requests/create-request.js'
export { sendRequest } from './services/requests/send-request.js'
export { replaceDocument, uploadTemplate, type UploadInput } from './templates/upload/upload-template.js'
export {
  deleteTemplates,
  duplicateTemplate,
  listVersions,
  renameTemplate,
  saveRoles,
  setTemplateActive,
} from './templates/manage-templates.js'
export { signForDemonstration } from './demonstration/sign-for-demonstration.js'
export { anchorsFor } from './services/signing/sealed-document.js'
export { makeCompletionFiles, type CompletionFiles } from './evidence/completion-files.js'
export { makeEvidencePack, type EvidenceSources } from './evidence/evidence-pack.js'
