/** Builds the page into web/dist: plain files, all from this host, as the content security policy demands. */
import { defineConfig, type Rolldown } from 'vite'

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2022',
    // No inlining: the policy allows no data: scripts or styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    emptyOutDir: true,
    rolldownOptions: {
      output: { codeSplitting: { groups: [{ name: chunkOf, debugName: 'first' }] } },
    },
  },
})

/**
 * What the page needs before its first paint is one file: a browser fetches six at once, and
 * whatever they share with views loaded later would otherwise be files of their own.
 */
function chunkOf(id: string, modules: Rolldown.ChunkingContext): string | null {
  const seen = new Set([id])
  for (const each of seen) {
    const known = modules.getModuleInfo(each)
    if (known?.isEntry === true) return 'first'
    for (const importer of known?.importers ?? []) seen.add(importer)
  }
  return null
}
