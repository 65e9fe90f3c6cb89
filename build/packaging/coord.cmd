@echo off
rem `coord` of the installed app: its own executable, run as Node (the fuse runAsNode stays on for this).
setlocal
set ELECTRON_RUN_AS_NODE=1
"%~dp0coord-tray.exe" "%~dp0resources\app.asar\dist\cli\cli.cjs" %*
