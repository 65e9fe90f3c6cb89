// An API for measurements, in a process of its own on 127.0.0.1: it takes each call, and keeps nothing.
import { spawn } from 'node:child_process'
import { once } from 'node:events'

/**
 * `keepsKeys`: it says that it keeps our keys, so that intents go ahead of the calls. `limit`: after so many writes it asks to
 * wait for an hour; 0: never.
 */
export async function startSink({ keepsKeys = false, limit = 0 } = {}) {
  const health = JSON.stringify({ status: 'ok', ...(keepsKeys ? { idempotency: true } : {}) })
  const code = `let n=0;require('node:http').createServer((q,r)=>{q.resume();q.on('end',()=>{r.setHeader('content-type','application/json');if(q.url==='/health')return r.end('${health}');if(q.method==='GET')return r.end('[]');if(${limit}>0&&++n>${limit}){r.statusCode=503;r.setHeader('retry-after','3600');return r.end('{}')}r.statusCode=q.method==='POST'?201:200;r.end('{"id":1}')})}).listen(0,'127.0.0.1',function(){console.log(this.address().port)});process.stdin.on('end',()=>process.exit()).resume()`
  const child = spawn(process.execPath, ['-e', code], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [printed] = await once(child.stdout, 'data')
  const port = Number(String(printed))
  return { port, url: `http://127.0.0.1:${port}`, stop: () => child.stdin.end() }
}
