'use strict'

// `npm run lint:modules`: fails when files of a Rust crate import each other in a circle, and when a
// file imports a layer above its own.
//
// It reads `use` declarations and inline paths. An import counts for the file that defines the item:
// names that another file imports or re-exports are followed to it. A `mod` declaration is no import.
// Code under `#[cfg(test)]` is not read: a test may import files above its own.

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

/** Folders under `src`, lowest first. Names on one line do not import each other. */
const LAYERS = {
  'crates/sandbox': [['plaid'], ['model'], ['api', 'control', 'deliver'], ['http']],
}

/** Comments, strings and characters. What remains can be cut into words and signs. */
const NOT_CODE =
  /\/\/[^\n]*|\/\*.*?\*\/|(?<!\w)[bc]?r(#*)".*?"\1|"(?:\\.|[^"\\])*"|'(?:\\(?:u\{\w+\}|x..|.)|[^'\\])'/gs
const TOKEN = /[A-Za-z_]\w*|::|\S/g

const isName = (token) => /^\w/.test(token ?? '')

/** @returns a line of text for each circle and each import against the layers of a crate */
function faults(crate, layers) {
  const modules = readModules(path.join(crate, 'src'))
  const edges = new Map()
  for (const from of modules.values()) {
    const imports = from.paths.map((each) => resolve(modules, from.at, each))
    edges.set(from.file, new Set(imports.filter((file) => file && file !== from.file)))
  }
  const shown = (file) => path.relative(path.join(crate, 'src'), file)
  return [
    ...circles(edges).map((circle) => `a circle: ${circle.map(shown).join(' → ')}`),
    ...upward(edges, shown, layers),
  ].map((fault) => `${crate}: ${fault}`)
}

/** @returns the files of a crate by their module paths, each with what it imports */
function readModules(src) {
  const modules = new Map()
  const read = (file, at) => {
    const directory = /^(lib|main|mod)\.rs$/.test(path.basename(file))
      ? path.dirname(file)
      : file.slice(0, -'.rs'.length)
    const { children, names, paths } = parse(fs.readFileSync(file, 'utf8'))
    modules.set(at.join('::'), { file, at, children, names, paths })
    for (const child of children) {
      const files = [`${child}.rs`, `${child}/mod.rs`].map((name) => path.join(directory, name))
      const found = files.find((each) => fs.existsSync(each))
      if (!found) throw new Error(`${file}: module ${child} has no file`)
      read(found, [...at, child])
    }
  }
  for (const root of ['lib.rs', 'main.rs']) {
    const file = path.join(src, root)
    if (fs.existsSync(file)) read(file, [])
  }
  return modules
}

/**
 * @returns `children`, the modules in files of their own; `paths`, what the file imports, as lists of
 *   names; `names`, those that it imports or re-exports, with the path of each
 */
function parse(source) {
  const tokens = source.replace(NOT_CODE, ' ').match(TOKEN) ?? []
  const [children, paths, names] = [[], [], new Map()]
  /** The inline modules that are open, and the depth of braces at which each ends. */
  const inline = []
  let depth = 0
  const note = (segments, name) => {
    const imported = inside(segments, inline.length)
    paths.push(imported)
    if (name && inline.length === 0) names.set(name, imported)
  }
  for (let i = 0; i < tokens.length; i += 1) {
    const [token, next] = [tokens[i], tokens[i + 1]]
    if (token === '{') depth += 1
    else if (token === '}') {
      depth -= 1
      if (inline.at(-1) === depth) inline.pop()
    } else if (tokens.slice(i, i + 7).join('') === '#[cfg(test)]') {
      i = endOfItem(tokens, i + 7)
    } else if (token === 'mod' && isName(next)) {
      if (tokens[i + 2] === '{') inline.push(depth)
      else children.push(next)
      i += 1
    } else if (token === 'use' && next !== '<') {
      i = readUse(tokens, i + 1, [], note)
    } else if (token === 'pub' && tokens[i + 2] === 'in') {
      i = tokens.indexOf(')', i)
    } else if (isName(token) && next === '::' && tokens[i - 1] !== '::') {
      const segments = [token]
      while (tokens[i + 1] === '::' && isName(tokens[i + 2])) {
        segments.push(tokens[i + 2])
        i += 2
      }
      note(segments)
    }
  }
  return { children, paths, names }
}

/** The path as the file has it, without the inline modules that it is written in. */
function inside(segments, inlineDepth) {
  const ups = segments.findIndex((segment) => segment !== 'super')
  const dropped = Math.min(ups < 0 ? segments.length : ups, inlineDepth)
  const rest = segments.slice(dropped)
  return dropped > 0 && rest[0] !== 'super' ? ['self', ...rest] : rest
}

/** Notes every path of a `use` tree. @returns the index of the token that ends it */
function readUse(tokens, start, prefix, note) {
  const segments = [...prefix]
  let i = start
  for (; i < tokens.length && ![';', ',', '}'].includes(tokens[i]); i += 1) {
    if (tokens[i] === '{') {
      do i = readUse(tokens, i + 1, segments, note)
      while (tokens[i] === ',')
      return i + 1
    }
    if (tokens[i] === 'as') {
      note(segments, tokens[i + 1])
      return i + 2
    }
    const isPrefix = tokens[i] === 'self' && segments.length > 0
    if (isName(tokens[i]) && !isPrefix) segments.push(tokens[i])
  }
  if (segments.length > prefix.length || tokens[start] === 'self') note(segments, segments.at(-1))
  else if (tokens[start] === '*') note(segments)
  return i
}

/** @returns the index of the last token of the item whose attributes begin at `start` */
function endOfItem(tokens, start) {
  let depth = 0
  for (let i = start; i < tokens.length; i += 1) {
    if ('([{'.includes(tokens[i])) depth += 1
    if (')]}'.includes(tokens[i])) depth -= 1
    if (depth === 0 && (tokens[i] === ';' || tokens[i] === '}')) return i
    // A field: the rest of its struct has no imports of interest.
    if (depth < 0) return i - 1
  }
  return tokens.length
}

/** @returns the file that defines what a path leads to; nothing for what is outside the crate */
function resolve(modules, from, segments, seen = new Set()) {
  let [at, rest] = [from, segments]
  if (rest[0] === 'crate') [at, rest] = [[], rest.slice(1)]
  else if (rest[0] === 'self') rest = rest.slice(1)
  else if (rest[0] === 'super') {
    while (rest[0] === 'super') [at, rest] = [at.slice(0, -1), rest.slice(1)]
  } else if (!modules.get(at.join('::')).children.includes(rest[0])) return undefined

  while (modules.has([...at, rest[0]].join('::')) && rest.length > 0) {
    ;[at, rest] = [[...at, rest[0]], rest.slice(1)]
  }
  const module = modules.get(at.join('::'))
  const key = `${at.join('::')} ${rest[0]}`
  const followed = module?.names.get(rest[0])
  if (!followed || seen.has(key)) return module?.file
  const target = [...followed, ...rest.slice(1)]
  return resolve(modules, at, target, seen.add(key)) ?? module.file
}

/** @returns the shortest circle through each file that is in one, each set of files once */
function circles(edges) {
  const found = new Map()
  for (const file of edges.keys()) {
    const circle = shortest(edges, file)
    const key = [...new Set(circle)].sort().join()
    if (circle && !found.has(key)) found.set(key, circle)
  }
  return [...found.values()]
}

function shortest(edges, start) {
  const cameFrom = new Map([[start, undefined]])
  const queue = [start]
  for (const at of queue) {
    for (const next of edges.get(at) ?? []) {
      if (next === start) {
        const circle = [start]
        for (let step = at; step !== undefined; step = cameFrom.get(step)) circle.unshift(step)
        return circle
      }
      if (cameFrom.has(next)) continue
      cameFrom.set(next, at)
      queue.push(next)
    }
  }
  return undefined
}

/** @returns a line for each import of a layer above, or of another folder on the same layer */
function upward(edges, shown, layers = []) {
  const folder = (file) => shown(file).split(path.sep)[0].replace(/\.rs$/, '')
  // Files outside the folders stand above all of them.
  const layer = (file) => {
    const found = layers.findIndex((names) => names.includes(folder(file)))
    return found < 0 ? layers.length : found
  }
  const isAllowed = (from, to) =>
    layer(to) < layer(from) || layer(from) === layers.length || folder(to) === folder(from)
  return [...edges].flatMap(([from, files]) =>
    [...files]
      .filter((to) => !isAllowed(from, to))
      .map((to) => `${shown(from)} imports ${shown(to)}, which is not in a layer below`),
  )
}

module.exports = { faults }

if (require.main === module) {
  const metadata = ['metadata', '--no-deps', '--offline', '--format-version=1']
  const { packages } = JSON.parse(execFileSync('cargo', metadata, { encoding: 'utf8' }))
  const crates = packages.map(({ manifest_path }) => path.relative('', path.dirname(manifest_path)))
  const found = crates.flatMap((crate) => faults(crate, LAYERS[crate]))
  for (const fault of found) console.error(fault)
  process.exitCode = found.length > 0 ? 1 : 0
}
