import './hooks.js'

export type { SealedNotice } from './hooks.js'
export { sealDesignInput, sealSize, type SealDesign, type SealDesignInput } from './models/design.js'
export { applySeal, placed, type SealBox, type SealOrder, type Sealed } from './services/apply.js'
export { requestSeal, retrySeal, sealNow, sealOf, type SealApplication, type SealRequest } from './services/applications.js'
export { defaultDesign, drawDesign, listDesigns, makeDefault, readDesignInput, saveDesign } from './services/designs.js'
export { sealSvg } from './drawing/seal-svg.js'
