import QRCode from 'qrcode'
import { Fault } from '../i18n/fault.js'

/** Modules left free around the code (ISO/IEC 18004 asks for four). */
const quietZone = 4

/**
 * QR code as a small SVG of one path, one unit per module, quiet zone included; black on white, so it prints everywhere.
 * @param level how much may be damaged and still be read (`M`: 15 %)
 * @throws Fault DOC-QR-TOO-LONG
 */
export function qrSvg(text: string, level: 'L' | 'M' | 'Q' | 'H' = 'M'): string {
  const { size, data } = createCode(text, level)
  let path = ''
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      if (data[row * size + column] !== 1) continue
      let run = 1
      while (column + run < size && data[row * size + column + run] === 1) run += 1
      path += `M${column + quietZone} ${row + quietZone}h${run}v1h-${run}z`
      column += run - 1
    }
  }
  const side = size + 2 * quietZone
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${side} ${side}" shape-rendering="crispEdges">` +
    `<rect width="${side}" height="${side}" fill="#fff"/><path d="${path}" fill="#000"/></svg>`
  )
}

function createCode(text: string, level: 'L' | 'M' | 'Q' | 'H'): { size: number; data: Uint8Array } {
  try {
    return QRCode.create(text, { errorCorrectionLevel: level }).modules
  } catch (cause) {
    throw new Fault('DOC-QR-TOO-LONG', { params: { length: text.length }, cause })
  }
}
