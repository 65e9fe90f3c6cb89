; What the Windows installer does beside copying: `coord` on the person's own PATH, and off it again.
; By PowerShell, whose strings have no end: NSIS would cut a PATH of more than 8 192 characters.
; The activator of toasts is written into the shortcut by the app itself (electron/desktop/shortcut.ts): NSIS cannot.

!macro coordOnPath change
  InitPluginsDir
  FileOpen $0 "$PLUGINSDIR\coord-path.ps1" w
  FileWrite $0 "$$bin = '$INSTDIR\bin'$\r$\n"
  FileWrite $0 "$$key = [Microsoft.Win32.Registry]::CurrentUser.CreateSubKey('Environment')$\r$\n"
  FileWrite $0 "$$before = [string]$$key.GetValue('Path', '', 'DoNotExpandEnvironmentNames')$\r$\n"
  FileWrite $0 "$$parts = @($$before.Split(';') | Where-Object { $$_ -and $$_ -ne $$bin })$\r$\n"
  FileWrite $0 "if ('${change}' -eq 'add') { $$parts += $$bin }$\r$\n"
  FileWrite $0 "$$after = $$parts -join ';'$\r$\n"
  FileWrite $0 "if ($$after -ne $$before) { $$key.SetValue('Path', $$after, 'ExpandString') }$\r$\n"
  ; running programs learn of it by a message that this call sends
  FileWrite $0 "[Environment]::SetEnvironmentVariable('COORD_TRAY_PATH_CHANGED', $$null, 'User')$\r$\n"
  FileClose $0
  nsExec::ExecToLog 'powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -File "$PLUGINSDIR\coord-path.ps1"'
  Pop $0
!macroend

!macro customInstall
  !insertmacro coordOnPath add
!macroend

!macro customUnInstall
  !insertmacro coordOnPath remove
!macroend
