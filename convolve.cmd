@echo off
rem Runs Convolve from a checkout in cmd; convolve.ps1 does the work.
setlocal
set CONVOLVE_PROGRAM=%0
powershell -NoProfile -ExecutionPolicy Bypass -File "%~dp0convolve.ps1" %*
exit /b %ERRORLEVEL%
