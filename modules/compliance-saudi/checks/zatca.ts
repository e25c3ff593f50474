/** `khatm check --rules zatca`. */
export { checkXml as check } from '../rules/check-xml.js'
