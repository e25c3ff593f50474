import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What the state folder remembers about itself: its name, and the ports its addresses were given out with. */
export interface Place {
  readonly id: string
  readonly port: number
  readonly smtpPort: number
}

export function readPlace(folder: string): Place {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, 'sandbox.json')
  if (!existsSync(path)) return { id: randomUUID(), port: 0, smtpPort: 0 }
  const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
  if (
    typeof value === 'object' &&
    value !== null &&
    'id' in value &&
    typeof value.id === 'string' &&
    'port' in value &&
    typeof value.port === 'number' &&
    'smtpPort' in value &&
    typeof value.smtpPort === 'number'
  )
    return { id: value.id, port: value.port, smtpPort: value.smtpPort }
  throw new Error(`${path} is damaged`)
}

export function writePlace(folder: string, place: Place): void {
  const path = join(folder, 'sandbox.json')
  writeFileSync(`${path}.new`, JSON.stringify(place), { mode: 0o600 })
  renameSync(`${path}.new`, path)
}
