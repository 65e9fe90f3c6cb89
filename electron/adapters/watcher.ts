/** Hints that a folder changed, from chokidar. The truth is a regular `stat`: a missed hint costs latency only. */
import { watch } from 'chokidar'
import type { WatchPort } from '../core/outbox/outbox.ts'

export function createWatcher(): WatchPort {
  return {
    watch(folder, onHint) {
      const watcher = watch(`${folder}/coord-queue.jsonl`, {
        ignoreInitial: true,
        awaitWriteFinish: false,
        atomic: false,
        followSymlinks: false,
        disableGlobbing: true,
      } as Parameters<typeof watch>[1])
      watcher.on('all', () => onHint())
      // out of inotify watches, a folder that cannot be read: the regular stat goes on
      watcher.on('error', () => undefined)
      return () => void watcher.close()
    },
  }
}

/** For one-shot commands, which look by themselves. */
export const noWatcher: WatchPort = { watch: () => () => undefined }
