@echo off
rem `coord` of the installed app: its own executable, run as Node (the fuse runAsNode stays on for this), or the Node that
rem COORD_NODE names, which reads no archive.
setlocal
rem what a session waits for at each edit is a smaller program
set program=cli.cjs
if "%~1 %~2"=="hook run" set program=hook.cjs
if not "%COORD_NODE%"=="" (
  "%COORD_NODE%" "%~dp0..\resources\app.asar.unpacked\dist\cli\%program%" %*
  exit /b
)
set ELECTRON_RUN_AS_NODE=1
"%~dp0..\coord-tray.exe" "%~dp0..\resources\app.asar\dist\cli\%program%" %*
