/** Whether bytes hold a text, plain, in base64 or as UTF-16, as heaps and drivers keep it. */
export function holds(bytes: Buffer, secret: string): boolean {
  const base64 = Buffer.from(secret).toString('base64').replace(/=+$/, '')
  return [Buffer.from(secret), Buffer.from(secret, 'utf16le'), Buffer.from(base64)].some((form) => bytes.includes(form))
}

/** The spy writes bytes in hex with their text beside, in lines of sixteen. */
export function spyShows(log: string, pin: string): boolean {
  return log.includes(pin) || log.replace(/\s/g, '').includes(Buffer.from(pin).toString('hex').toUpperCase())
}
