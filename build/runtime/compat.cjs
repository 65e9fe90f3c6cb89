'use strict'
// Fills in, on Electron 22 (Node 16.17), the features of Electron 45 (Node 24) that the app and its
// libraries use, so that the same bundle runs on both. Loaded by default-app.cjs before the app.
// Not here: node:sqlite, ES modules in main or preload, zstd, undici's `fetch` (use its Pool).
const v8 = require('node:v8'),
  zlib = require('node:zlib'),
  util = require('node:util'),
  events = require('node:events')
const buffer = require('node:buffer'),
  wt = require('node:worker_threads'),
  fs = require('node:fs')
const def = (o, k, v) => {
  if (o[k] === undefined)
    Object.defineProperty(o, k, { value: v, writable: true, configurable: true, enumerable: false })
}
def(globalThis, 'structuredClone', (v) => v8.deserialize(v8.serialize(v)))
if (globalThis.DOMException === undefined) {
  try {
    atob('%')
  } catch (e) {
    def(globalThis, 'DOMException', e.constructor)
  }
}
def(globalThis, 'Blob', buffer.Blob)
def(globalThis, 'BroadcastChannel', wt.BroadcastChannel)
def(globalThis, 'crypto', require('node:crypto').webcrypto)
def(globalThis, 'performance', require('node:perf_hooks').performance)
const web = require('node:stream/web')
for (const k of [
  'ReadableStream',
  'WritableStream',
  'TransformStream',
  'ByteLengthQueuingStrategy',
  'CountQueuingStrategy',
  'TextDecoderStream',
  'TextEncoderStream',
])
  if (web[k]) def(globalThis, k, web[k])
if (!buffer.File) {
  class File extends buffer.Blob {
    #n
    #m
    constructor(p, n, o = {}) {
      super(p, o)
      this.#n = String(n)
      this.#m = o.lastModified ?? Date.now()
    }
    get name() {
      return this.#n
    }
    get lastModified() {
      return this.#m
    }
    get [Symbol.toStringTag]() {
      return 'File'
    }
  }
  def(buffer, 'File', File)
  def(globalThis, 'File', File)
}
def(
  globalThis,
  'CustomEvent',
  class CustomEvent extends Event {
    #d
    constructor(t, o = {}) {
      super(t, o)
      this.#d = o.detail ?? null
    }
    get detail() {
      return this.#d
    }
  },
)
def(globalThis, 'CloseEvent', class CloseEvent extends Event {})
def(zlib, 'createZstdDecompress', () => {
  throw new Error('zstd is not in this runtime')
})
def(zlib, 'createZstdCompress', () => {
  throw new Error('zstd is not in this runtime')
})
def(util, 'markAsUncloneable', () => {})
def(wt, 'markAsUncloneable', () => {})
def(util, 'parseEnv', (s) =>
  Object.fromEntries(
    s
      .split('\n')
      .filter((l) => /^\s*\w+=/.test(l))
      .map((l) => {
        const i = l.indexOf('=')
        return [l.slice(0, i).trim(), l.slice(i + 1)]
      }),
  ),
)
def(util, 'styleText', (_f, t) => t)
// eslint-disable-next-line no-control-regex -- the escape character is what is looked for
def(util, 'stripVTControlCharacters', (s) => s.replace(/\u001b\[[0-9;]*[A-Za-z]/g, ''))
def(events, 'addAbortListener', (s, f) => {
  if (s.aborted) queueMicrotask(f)
  else s.addEventListener('abort', f, { once: true })
  return {
    [Symbol.dispose]() {
      s.removeEventListener('abort', f)
    },
  }
})
def(Symbol, 'dispose', Symbol('Symbol.dispose'))
def(Symbol, 'asyncDispose', Symbol('Symbol.asyncDispose'))
def(AbortSignal, 'timeout', (ms) => {
  const c = new AbortController()
  const t = setTimeout(
    () => c.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')),
    ms,
  )
  t.unref?.()
  return c.signal
})
def(AbortSignal, 'any', (ss) => {
  const c = new AbortController()
  for (const s of ss) {
    if (s.aborted) {
      c.abort(s.reason)
      break
    }
    s.addEventListener('abort', () => c.abort(s.reason), { once: true })
  }
  return c.signal
})
def(AbortSignal.prototype, 'throwIfAborted', function () {
  if (this.aborted) throw this.reason
})
def(Promise, 'withResolvers', function () {
  let resolve, reject
  const promise = new this((a, b) => {
    resolve = a
    reject = b
  })
  return { promise, resolve, reject }
})
def(Promise, 'try', function (f, ...a) {
  return new this((r) => r(f(...a)))
})
for (const [k, f] of Object.entries({
  toSorted(c) {
    return [...this].sort(c)
  },
  toReversed() {
    return [...this].reverse()
  },
  toSpliced(...a) {
    const c = [...this]
    c.splice(...a)
    return c
  },
  with(i, v) {
    const c = [...this]
    c[i < 0 ? c.length + i : i] = v
    return c
  },
}))
  def(Array.prototype, k, f)
def(Object, 'groupBy', (it, f) => {
  const o = Object.create(null)
  let i = 0
  for (const x of it) (o[f(x, i++)] ??= []).push(x)
  return o
})
def(Map, 'groupBy', (it, f) => {
  const o = new Map()
  let i = 0
  for (const x of it) {
    const k = f(x, i++)
    ;(o.get(k) ?? o.set(k, []).get(k)).push(x)
  }
  return o
})
def(Array, 'fromAsync', async (it, f) => {
  const a = []
  for await (const x of it) a.push(f ? await f(x) : x)
  return a
})
const setOps = {
  union(o) {
    return new Set([...this, ...o.keys()])
  },
  intersection(o) {
    return new Set([...this].filter((x) => o.has(x)))
  },
  difference(o) {
    return new Set([...this].filter((x) => !o.has(x)))
  },
  isSubsetOf(o) {
    return [...this].every((x) => o.has(x))
  },
  isSupersetOf(o) {
    return [...o.keys()].every((x) => this.has(x))
  },
  isDisjointFrom(o) {
    return ![...this].some((x) => o.has(x))
  },
  symmetricDifference(o) {
    return new Set([...[...this].filter((x) => !o.has(x)), ...[...o.keys()].filter((x) => !this.has(x))])
  },
}
for (const [k, f] of Object.entries(setOps)) def(Set.prototype, k, f)
def(String.prototype, 'isWellFormed', function () {
  return !/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(this)
})
def(String.prototype, 'toWellFormed', function () {
  return this.replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, '\uFFFD')
})
def(process, 'getBuiltinModule', (n) => {
  try {
    return require(n)
  } catch {
    return undefined
  }
})

// Web classes for protocol.handle: just enough of Headers, Request and Response.
if (globalThis.Response === undefined) {
  const toBuffer = async (b) => {
    if (b == null) return Buffer.alloc(0)
    if (typeof b === 'string') return Buffer.from(b)
    if (b instanceof ArrayBuffer) return Buffer.from(b)
    if (ArrayBuffer.isView(b)) return Buffer.from(b.buffer, b.byteOffset, b.byteLength)
    if (typeof b.arrayBuffer === 'function') return Buffer.from(await b.arrayBuffer())
    const parts = []
    for await (const part of b) parts.push(Buffer.from(part))
    return Buffer.concat(parts)
  }
  class Headers extends Map {
    constructor(init) {
      super()
      if (init)
        for (const [k, v] of typeof init[Symbol.iterator] === 'function' ? init : Object.entries(init))
          this.set(k, v)
    }
    get(k) {
      return super.get(String(k).toLowerCase()) ?? null
    }
    has(k) {
      return super.has(String(k).toLowerCase())
    }
    set(k, v) {
      return super.set(String(k).toLowerCase(), String(v))
    }
    append(k, v) {
      this.set(k, this.has(k) ? `${this.get(k)}, ${v}` : v)
    }
  }
  class Body {
    constructor(body, init = {}) {
      this._body = body
      this.headers = new Headers(init.headers)
    }
    get body() {
      return this._body ?? null
    }
    async arrayBuffer() {
      const b = await toBuffer(this._body)
      return b.buffer.slice(b.byteOffset, b.byteOffset + b.byteLength)
    }
    async text() {
      return (await toBuffer(this._body)).toString('utf8')
    }
    async json() {
      return JSON.parse(await this.text())
    }
  }
  class Response extends Body {
    constructor(body, init = {}) {
      super(body, init)
      this.status = init.status ?? 200
      this.statusText = init.statusText ?? ''
    }
    get ok() {
      return this.status >= 200 && this.status < 300
    }
    static json(v, init = {}) {
      return new Response(JSON.stringify(v), {
        ...init,
        headers: { 'content-type': 'application/json', ...init.headers },
      })
    }
    static error() {
      return new Response(null, { status: 500 })
    }
  }
  class Request extends Body {
    constructor(url, init = {}) {
      super(init.body, init)
      this.url = String(url)
      this.method = init.method ?? 'GET'
      this.referrer = init.referrer ?? ''
    }
  }
  for (const [k, v] of Object.entries({ Headers, Request, Response })) def(globalThis, k, v)
}

if (process.type === 'browser') {
  const { app, net, protocol } = require('electron')
  const { Readable } = require('node:stream')
  const { fileURLToPath } = require('node:url')
  const path = require('node:path')
  const types = {
    html: 'text/html',
    js: 'text/javascript',
    mjs: 'text/javascript',
    css: 'text/css',
    json: 'application/json',
    svg: 'image/svg+xml',
    png: 'image/png',
    ico: 'image/x-icon',
    woff2: 'font/woff2',
    txt: 'text/plain',
    map: 'application/json',
  }
  def(net, 'fetch', async (input) => {
    const url = String(input?.url ?? input)
    if (!url.startsWith('file:')) throw new Error('net.fetch is here for file: only')
    try {
      const file = fileURLToPath(url)
      return new Response(await fs.promises.readFile(file), {
        headers: { 'content-type': types[path.extname(file).slice(1)] ?? 'application/octet-stream' },
      })
    } catch (e) {
      throw new Error(`net::ERR_FILE_NOT_FOUND ${e.message}`, { cause: e })
    }
  })
  const addHandle = (p) => {
    def(p, 'handle', (scheme, handler) => {
      p.registerStreamProtocol(scheme, (req, callback) => {
        Promise.resolve()
          .then(() =>
            handler(
              new Request(req.url, {
                method: req.method,
                headers: req.headers,
                referrer: req.referrer,
                body: req.uploadData?.map((d) => d.bytes).find(Boolean),
              }),
            ),
          )
          .then(async (res) =>
            callback({
              statusCode: res.status,
              headers: Object.fromEntries(res.headers),
              data: Readable.from([Buffer.from(await res.arrayBuffer())]),
            }),
          )
          .catch((e) => {
            console.error(e)
            callback({ error: -2 })
          })
      })
    })
    def(p, 'unhandle', (scheme) => p.unregisterProtocol(scheme))
    def(p, 'isProtocolHandled', (scheme) => p.isProtocolRegistered(scheme))
  }
  app.whenReady().then(() => addHandle(protocol))
  app.on('session-created', (s) => addHandle(s.protocol))
  // Chromium refuses its sandbox to root; run the tests as another user to test it for real
  if (process.getuid() === 0 && app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox = () => {}
  def(app, 'getPreferredSystemLanguages', () => [app.getLocale()])
}
