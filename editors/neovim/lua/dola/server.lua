---The server as the plugin talks to it: which client, why there is none, commands.

local say = require('dola.say')

local M = {}

---The name of the configuration in `lsp/dola_ls.lua`.
M.NAME = 'dola_ls'

---How the server ended last, for whoever asks why there is none.
---@type { code: integer, signal: integer }?
local ending

---@param code integer
---@param signal integer
function M.ended(code, signal)
  ending = { code = code, signal = signal }
end

---@return boolean
function M.is_enabled()
  -- Neovim 0.11.0 cannot be asked yet.
  return not vim.lsp.is_enabled or vim.lsp.is_enabled(M.NAME)
end

---The client that works on a buffer.
---@param bufnr integer
---@return vim.lsp.Client?
function M.of(bufnr)
  return vim.lsp.get_clients({ bufnr = bufnr, name = M.NAME })[1]
end

---The client that works on a buffer; where there is none, tell the user why and what to do.
---@param bufnr integer
---@return vim.lsp.Client?
function M.required(bufnr)
  local client = M.of(bufnr)
  if not client then
    say(M.why_none(bufnr) .. ' `:checkhealth dola` says more.')
  end
  return client
end

---Why no server works on a buffer, and what to do about it.
---@param bufnr integer
---@return string
function M.why_none(bufnr)
  local config = vim.lsp.config[M.NAME]
  if not config then
    return "the configuration lsp/dola_ls.lua is not on the 'runtimepath'. Nothing was sent."
  end
  if not M.is_enabled() then
    return "it is not switched on. Nothing was sent. Put vim.lsp.enable('dola_ls') into init.lua."
  end
  local program = type(config.cmd) == 'table' and config.cmd[1] or nil
  if program and vim.fn.executable(program) == 0 then
    return ('`%s` cannot be run. Nothing was sent. Install dola-ls, or set `cmd`.'):format(program)
  end
  if vim.bo[bufnr].buftype ~= '' then
    return 'this buffer is not a file. Nothing was sent. Run it in the buffer of the code.'
  end
  local filetype = vim.bo[bufnr].filetype
  if config.filetypes and not vim.list_contains(config.filetypes, filetype) then
    return ('it is not set up for the filetype "%s". Nothing was sent. Add it to `filetypes`.'):format(
      filetype
    )
  end
  if ending then
    return ('dola-ls has ended (exit code %d, signal %d). Nothing was sent. `:Dola restart` starts it again.'):format(
      ending.code,
      ending.signal
    )
  end
  return 'dola-ls is not attached to this buffer yet. Nothing was sent. Try again in a moment.'
end

---Run a command of the server's.
---@param client vim.lsp.Client
---@param bufnr integer The buffer it is about, whose changes the server hears of first.
---@param command string
---@param argument table The one object that every command takes.
---@param done? fun(answer?: table) Called with the answer; with nil where there is none.
function M.execute(client, bufnr, command, argument, done)
  local provider = client.server_capabilities.executeCommandProvider or {}
  if not vim.list_contains(provider.commands or {}, command) then
    say(('this dola-ls has no command %s. Nothing was sent. Update dola-ls.'):format(command))
    return
  end
  local call = { title = 'Dola', command = command, arguments = { argument } }
  client:exec_cmd(call, { bufnr = bufnr }, function(err, answer)
    if err then
      say('dola-ls answered with an error: ' .. err.message, vim.log.levels.ERROR)
    end
    if done then
      -- JSON's null is vim.NIL from Neovim 0.12 on.
      done(type(answer) == 'table' and answer or nil)
    end
  end)
end

---Stop every server and start it again for the buffers that are open.
function M.restart()
  if not M.is_enabled() then
    say(M.why_none(0))
    return
  end
  vim.lsp.enable(M.NAME, false)
  local function enable()
    -- A client that still says goodbye would be taken for the one to use.
    if #vim.lsp.get_clients({ name = M.NAME }) > 0 then
      vim.defer_fn(enable, 50)
    else
      ending = nil
      vim.lsp.enable(M.NAME)
    end
  end
  enable()
end

return M
