export { documentCode, recordIssuedFile, type DocumentCode, type IssuedFacts } from './services/codes.js'
export { reportView, type ReportView } from './services/report-view.js'
