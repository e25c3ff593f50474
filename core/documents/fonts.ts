import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

/**
 * The only fonts a document is set in (SIL Open Font License, TTF). System fonts are never looked at, so a document
 * has the same bytes on every machine. Order matters to nobody: templates name families.
 */
const files: readonly (readonly [packageName: string, file: string])[] = [
  ['@expo-google-fonts/noto-sans', '400Regular/NotoSans_400Regular.ttf'],
  ['@expo-google-fonts/noto-sans', '600SemiBold/NotoSans_600SemiBold.ttf'],
  ['@expo-google-fonts/noto-sans', '700Bold/NotoSans_700Bold.ttf'],
  ['@expo-google-fonts/noto-sans', '400Regular_Italic/NotoSans_400Regular_Italic.ttf'],
  ['@expo-google-fonts/noto-sans-arabic', '400Regular/NotoSansArabic_400Regular.ttf'],
  ['@expo-google-fonts/noto-sans-arabic', '600SemiBold/NotoSansArabic_600SemiBold.ttf'],
  ['@expo-google-fonts/noto-sans-arabic', '700Bold/NotoSansArabic_700Bold.ttf'],
  ['@expo-google-fonts/noto-naskh-arabic', '400Regular/NotoNaskhArabic_400Regular.ttf'],
  ['@expo-google-fonts/noto-naskh-arabic', '700Bold/NotoNaskhArabic_700Bold.ttf'],
  // For typed signatures: two hands, each of a font with Latin and Cyrillic letters and one with Arabic.
  ['@expo-google-fonts/caveat', '500Medium/Caveat_500Medium.ttf'],
  ['@expo-google-fonts/aref-ruqaa', '400Regular/ArefRuqaa_400Regular.ttf'],
  ['@expo-google-fonts/marck-script', '400Regular/MarckScript_400Regular.ttf'],
  ['@expo-google-fonts/amiri', '400Regular_Italic/Amiri_400Regular_Italic.ttf'],
]

/** Bytes of all document fonts. */
export function documentFonts(): Buffer[] {
  const require = createRequire(import.meta.url)
  return files.map(([packageName, file]) => readFileSync(path.join(path.dirname(require.resolve(`${packageName}/package.json`)), file)))
}
