/** `s•••@example.com`: enough to know one's own address, too little to learn another's. */
export function maskedEmail(email: string): string {
  const at = email.lastIndexOf('@')
  if (at < 1) return '•••'
  return `${Array.from(email)[0] ?? ''}•••${email.slice(at)}`
}

/** `•••• 4567` */
export function maskedPhone(phone: string): string {
  return `•••• ${phone.replace(/\D/g, '').slice(-4)}`
}

/** What people type for a code: Arabic-Indic digits count as digits, spaces and dashes as nothing. */
export function typedDigits(answer: unknown): string {
  if (typeof answer !== 'string') return ''
  return answer
    .slice(0, 40)
    .replace(/[\u0660-\u0669]/g, (digit) => String(digit.charCodeAt(0) - 0x0660))
    .replace(/[\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) - 0x06f0))
    .replace(/[\s\-\u200e\u200f\u2066-\u2069]/g, '')
}
