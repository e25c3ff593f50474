import semver from 'semver'
import { z } from 'zod'
import type { FaultDetail } from '../i18n/fault.js'
import type { ModuleManifest } from './module.js'
import { hostVersion } from './version.js'

const localizedText = z.object({ ar: z.string().min(1), en: z.string().min(1), bg: z.string().min(1) })
const moduleName = z.string().regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/)

const manifestShape = z.object({
  name: moduleName,
  version: z.string().refine((version) => semver.valid(version) !== null),
  host: z.string().refine((range) => semver.validRange(range) !== null),
  title: localizedText,
  summary: localizedText.optional(),
  countries: z.array(z.string().regex(/^[A-Z]{2}$/)).optional(),
  depends: z.array(moduleName),
  extends: z.array(moduleName).optional(),
  always: z.boolean().optional(),
  setup: z.custom<ModuleManifest['setup']>((value) => typeof value === 'function'),
})

/**
 * Checks what a manifest file exported: it may be written in plain JavaScript by somebody else.
 * @returns the manifest, or the fault MODULE-MANIFEST (naming the first wrong field) or MODULE-HOST-RANGE
 */
export function checkManifest(
  name: string,
  exported: unknown,
  packageHostRange?: string,
): { manifest: ModuleManifest } | { fault: FaultDetail } {
  const parsed = manifestShape.safeParse(exported)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    return {
      fault: { code: 'MODULE-MANIFEST', params: { module: name, field: issue?.path.join('.') || 'default', reason: issue?.message ?? '' } },
    }
  }
  const manifest = parsed.data
  for (const range of [manifest.host, ...(packageHostRange === undefined ? [] : [packageHostRange])]) {
    if (semver.validRange(range) === null || !semver.satisfies(hostVersion, range)) {
      return { fault: { code: 'MODULE-HOST-RANGE', params: { module: name, range, host: hostVersion } } }
    }
  }
  // The parsed copy lost the object's own methods' `this`; setup is called on the manifest as it was written.
  return { manifest: exported as ModuleManifest }
}
