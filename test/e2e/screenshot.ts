import { execFileSync } from 'node:child_process'
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
  const before = page.viewportSize()
  // A window as high as the page, so that what sticks to the window's edges stands where the page ends.
  if (options.fullPage !== false && before !== null) {
    const height = await page.locator('html').evaluate((html) => html.scrollHeight)
    await page.setViewportSize({ ...before, height: Math.max(height, before.height) })
  }
  await page.screenshot({ path, animations: 'disabled' })
  if (before !== null) await page.setViewportSize(before)
  const { size } = statSync(path)
  if (size > largest) throw new Error(`${path} has ${String(size)} bytes, more than ${String(largest)}`)
}

/** Keeps the first page of a PDF, as another program draws it. */
export function keepPaper(pdf: string, name: string): void {
  if (process.env['KHATM_WRITE_SCREENSHOTS'] !== '1') return
  mkdirSync(folder, { recursive: true })
  execFileSync('pdftoppm', ['-r', '90', '-png', '-f', '1', '-l', '1', '-singlefile', pdf, join(folder, name)])
}
