/** Arguments for `node`, before a TypeScript file, so that a child process reads it as the host does. */
export const readingTypeScript: readonly string[] = ['--import', new URL('../../bin/typescript.mjs', import.meta.url).href]
