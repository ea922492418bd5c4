---`:checkhealth dola`

local server = require('dola.server')

local M = {}

---How long the server may take over a question, in milliseconds; nothing is sent to a model.
local PATIENCE = 30000

---What the plugin has the server run beside the actions that work on code.
local OTHERS = { 'dola.own', 'dola.review', 'dola.showPrompt', 'dola.showReasoning' }

---Ask the configured program something.
---@param config vim.lsp.Config
---@param ... string
---@return string? output
---@return string why Why there is none.
local function run(config, ...)
  local command = vim.list_extend(vim.deepcopy(config.cmd --[[@as string[] ]]), { ... })
  local ok, process = pcall(vim.system, command, { text = true, env = config.cmd_env })
  if not ok then
    return nil, tostring(process)
  end
  local done = process:wait(PATIENCE)
  if done.code == 124 then
    return nil,
      ('`%s` gave no answer within %d s'):format(table.concat(command, ' '), PATIENCE / 1000)
  end
  if vim.trim(done.stdout or '') == '' then
    return nil, vim.trim(done.stderr or '')
  end
  return vim.trim(done.stdout), ''
end

local function check_neovim()
  local running = vim.version()
  local version = ('%d.%d.%d'):format(running.major, running.minor, running.patch)
  if vim.fn.has('nvim-0.11') == 1 then
    vim.health.ok('Neovim ' .. version)
  else
    vim.health.error(('Neovim %s is too old: 0.11 is needed'):format(version))
  end
end

---@return vim.lsp.Config?
local function check_configuration()
  local files = vim.api.nvim_get_runtime_file('lsp/dola_ls.lua', true)
  local config = vim.lsp.config[server.NAME]
  if not config then
    vim.health.error(
      "lsp/dola_ls.lua is not on the 'runtimepath'",
      "Add editors/neovim to it: `vim.opt.rtp:append('…/editors/neovim')`"
    )
    return nil
  end
  for _, file in ipairs(files) do
    vim.health.ok('Configuration: ' .. vim.fn.fnamemodify(file, ':~'))
  end
  if #files > 1 then
    vim.health.warn('There is more than one; they are merged', 'Remove the copy of your own')
  end
  if server.is_enabled() then
    vim.health.ok('Switched on')
  else
    vim.health.error('Not switched on', "Put `vim.lsp.enable('dola_ls')` into init.lua")
  end
  return config
end

---@param config vim.lsp.Config
---@return boolean # Whether it can be asked more.
local function check_program(config)
  if type(config.cmd) ~= 'table' then
    vim.health.info('`cmd` is a function, so the program cannot be asked')
    return false
  end
  local program = config.cmd[1]
  if vim.fn.executable(program) == 0 then
    vim.health.error(('`%s` cannot be run'):format(program), {
      'Install dola-ls where Neovim finds it: `pipx install …` or `python3 -m pip install …`',
      "Or say where it is: `vim.lsp.config('dola_ls', { cmd = { '/path/to/dola-ls' } })`",
    })
    return false
  end
  local version, why = run(config, '--version')
  if not version then
    vim.health.error(('`%s` does not work: %s'):format(program, why), 'Install dola-ls again')
    return false
  end
  vim.health.ok(('%s, %s'):format(version, vim.fn.exepath(program)))
  return true
end

local function check_clients()
  local clients = vim.lsp.get_clients({ name = server.NAME })
  if #clients == 0 then
    vim.health.warn(
      'No server is running',
      'Open a file of code; `:Dola status` says what is wrong'
    )
  end
  for _, client in ipairs(clients) do
    local count = vim.tbl_count(client.attached_buffers)
    local buffers = count == 1 and '1 buffer' or ('%d buffers'):format(count)
    local root = client.root_dir and vim.fn.fnamemodify(client.root_dir, ':~') or 'no project'
    vim.health.ok(('Attached to %s (%s)'):format(buffers, root))
    local commands = vim.tbl_get(client.server_capabilities, 'executeCommandProvider', 'commands')
    local missing = vim.tbl_filter(function(command)
      return not vim.list_contains(commands or {}, command)
    end, vim.list_extend(vim.tbl_values(require('dola').COMMANDS), OTHERS))
    if #missing > 0 then
      vim.health.warn(
        'It is older than this plugin: no ' .. table.concat(missing, ', '),
        'Update dola-ls'
      )
    end
  end
end

---What `dola-ls check` says of key and model. It sends nothing.
---@param config vim.lsp.Config
local function check_model(config)
  local output, why = run(config, 'check', '--json', '--offline')
  local ok, report =
    pcall(vim.json.decode, output or '', { luanil = { object = true, array = true } })
  if not ok or type(report) ~= 'table' or type(report.key) ~= 'table' then
    vim.health.warn('`dola-ls check` says nothing' .. (why ~= '' and ': ' .. why or ''))
    return
  end
  local model = report.model
  if model then
    local at = model.endpoint and (' at ' .. model.endpoint) or ''
    vim.health.ok(('Model: %s, %s%s'):format(model.model, model.title, at))
  else
    vim.health.error('There is no model to ask')
  end
  if report.key.present then
    vim.health.ok('Key: from ' .. report.key.source)
  else
    vim.health.info(
      report.key['for'] and ('Key: none for ' .. report.key['for']) or 'Key: none needed'
    )
  end
  for _, problem in ipairs(report.problems or {}) do
    vim.health.warn(problem)
  end
  if report.log_file then
    vim.health.info('Log: ' .. report.log_file)
  end
  vim.health.info('Nothing was sent. `dola-ls check` in a terminal asks the model, too')
end

function M.check()
  vim.health.start('Dola: editor')
  check_neovim()
  local config = check_configuration()
  vim.health.start('Dola: server')
  local works = config ~= nil and check_program(config)
  check_clients()
  if config and works then
    vim.health.start('Dola: model')
    check_model(config)
  end
end

return M
