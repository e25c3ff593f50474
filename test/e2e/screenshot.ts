import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'

const folder = join(import.meta.dirname, 'screenshots')
const largest = 200_000

/** Keeps a picture of the page for the README, when KHATM_WRITE_SCREENSHOTS=1. */
export async function keepScreenshot(page: Page, name: string, options: { readonly fullPage?: boolean } = {}): Promise<void> {
  if (process.env['KHATM_WRITE_SCREENSHOTS'] !== '1') return
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${name}.png`)
  await page.screenshot({ path, fullPage: options.fullPage ?? true, animations: 'disabled' })
  const { size } = statSync(path)
  if (size > largest) throw new Error(`${path} has ${String(size)} bytes, more than ${String(largest)}`)
}
