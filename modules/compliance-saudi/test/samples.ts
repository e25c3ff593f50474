import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../../../../shared/data/zatca/samples/', import.meta.url))
export const schemaFile = fileURLToPath(
  new URL('../../../../shared/data/ubl-2.1-xsd/xsds/UBL2.1/xsd/maindoc/UBL-Invoice-2.1.xsd', import.meta.url),
)

export interface Sample {
  readonly name: string
  readonly bytes: Buffer
}

/** The authority's ten signed samples; none when the data folder is not there. */
export function officialSamples(): Sample[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => name.endsWith('.xml'))
    .sort()
    .map((name) => ({ name, bytes: readFileSync(folder + name) }))
}
