export { documentCode, recordIssuedFile, type DocumentCode, type IssuedFacts } from './services/codes.js'
export { headlineKind, reportView, type ReportView } from './services/report-view.js'
