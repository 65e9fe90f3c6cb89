// Loaded before the app (`electron -r`): SIGUSR2 asks its windows to close, as a person's click on the cross does.
// There is no window manager on a test's display that could.
'use strict'
const { BrowserWindow } = require('electron')
process.on('SIGUSR2', () => {
  for (const window of BrowserWindow.getAllWindows()) window.close()
})
