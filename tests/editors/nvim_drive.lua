-- Runs inside Neovim: takes one step per line of JSON from a socket, answers each with one line.
-- nvim --clean --headless -S nvim_drive.lua, with the port of the socket in $NVIM_DRIVE_PORT.
--
-- Neovim's own main loop stays in charge (no `-l`, no vim.wait), so typed keys, undo blocks and
-- the order of events are those of an editor in use. What a step brings about is read by `state`.

local seen = { inputs = {}, menus = {}, messages = {}, notices = {}, progress = {} }
local to_choose = nil ---@type string?
local to_enter = nil ---@type string?

local function add(list, item)
  list[#list + 1] = item
end

vim.ui.select = function(items, opts, on_choice)
  local label = opts.format_item or tostring
  local rows, chosen = {}, nil
  for index, item in ipairs(items) do
    local action = type(item) == 'table' and item.action or {}
    rows[index] = { label = label(item), title = action.title, kind = action.kind }
    if to_choose and (action.title == to_choose or rows[index].label == to_choose) then
      chosen = index
    end
  end
  add(seen.menus, { kind = opts.kind, prompt = opts.prompt, rows = rows })
  to_choose = nil
  on_choice(chosen and items[chosen] or nil, chosen)
end

---A box for text: what it asks lands in `state().inputs`, and it is left as if by <Esc> unless a
---step has said what to enter.
vim.ui.input = function(opts, on_confirm)
  add(seen.inputs, opts.prompt)
  local text = to_enter
  to_enter = nil
  on_confirm(text)
end

vim.notify = function(text, level, opts)
  add(seen.notices, { text = text, level = level })
  if opts and opts.title == 'Dola' then
    add(seen.messages, { level = level, text = text })
  end
end

vim.api.nvim_create_autocmd('LspProgress', {
  callback = function(ev)
    local value = ev.data.params.value
    add(seen.progress, {
      token = ev.data.params.token,
      kind = value.kind,
      title = value.title,
      message = value.message,
    })
  end,
})

local function text_of(bufnr)
  local ending = vim.bo[bufnr].fileformat == 'dos' and '\r\n' or '\n'
  local text = table.concat(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false), ending)
  return vim.bo[bufnr].endofline and text .. ending or text
end

local function clients()
  return vim.lsp.get_clients({ name = 'dola_ls' })
end

local steps = {}

---Enable the configuration under test, with a few fields of it replaced.
function steps.enable(step)
  vim.lsp.config('dola_ls', step.config)
  vim.lsp.enable('dola_ls')
end

---Enable another language server beside it.
function steps.enable_beside(step)
  vim.lsp.config(step.name, step.config)
  vim.lsp.enable(step.name)
end

---The configuration as Neovim resolves it from the runtime path.
function steps.config()
  local config = vim.lsp.config['dola_ls']
  local languages = vim.tbl_map(function(filetype)
    return config.get_language_id(0, filetype)
  end, config.filetypes)
  return { cmd = config.cmd, languages = languages, root_markers = config.root_markers }
end

function steps.open(step)
  vim.cmd.edit(vim.fn.fnameescape(step.path))
end

function steps.cursor(step)
  vim.api.nvim_win_set_cursor(0, { step.line, step.column })
end

---Keys as a person would type them, special ones written <Esc>.
function steps.type(step)
  vim.api.nvim_input(step.keys)
end

function steps.ex(step)
  vim.cmd(step.command)
end

---What the next menu is to be left with, and the next box for text.
function steps.prepare(step)
  to_choose, to_enter = step.choose, step.enter
end

---The value of a chunk of Lua.
function steps.lua(step)
  return assert(loadstring(step.code))()
end

---Press the default key for code actions; the menu lands in `state().menus`, the row with this
---title is taken.
function steps.actions(step)
  to_choose = step.choose
  vim.api.nvim_input('gra')
end

---What a progress window with a cancel button would send.
function steps.cancel_progress()
  local tokens = {}
  for _, client in ipairs(clients()) do
    for token in pairs(client.progress.pending) do
      client:notify('window/workDoneProgress/cancel', { token = token })
      add(tokens, token)
    end
  end
  return tokens
end

function steps.state()
  local buffers = {}
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(bufnr) then
      add(buffers, {
        path = vim.api.nvim_buf_get_name(bufnr),
        text = text_of(bufnr),
        modified = vim.bo[bufnr].modified,
        filetype = vim.bo[bufnr].filetype,
        current = bufnr == vim.api.nvim_get_current_buf(),
        visible = vim.fn.bufwinid(bufnr) ~= -1,
        attached = #vim.lsp.get_clients({ bufnr = bufnr, name = 'dola_ls' }) > 0,
        diagnostics = vim.tbl_map(function(one)
          return { one.lnum, one.message, one.source }
        end, vim.diagnostic.get(bufnr)),
      })
    end
  end
  local problems = {}
  for _, problem in ipairs(vim.diagnostic.get(0)) do
    add(problems, {
      line = problem.lnum + 1,
      source = problem.source,
      code = problem.code and tostring(problem.code),
      message = problem.message,
    })
  end
  local floats = {}
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= '' then
      add(floats, text_of(vim.api.nvim_win_get_buf(window)))
    end
  end
  local running = {}
  for _, client in ipairs(clients()) do
    add(running, { initialized = client.initialized })
  end
  return {
    buffers = buffers,
    clients = running,
    problems = problems,
    cursor = vim.api.nvim_win_get_cursor(0),
    floats = floats,
    history = vim.fn.execute('messages'),
    mode = vim.api.nvim_get_mode().mode,
    children = vim.api.nvim_get_proc_children(vim.fn.getpid()),
    seen = seen,
  }
end

---Die as if killed: no VimLeave, no shutdown request to the server.
function steps.crash()
  vim.uv.kill(vim.uv.os_getpid(), 'sigkill')
end

local socket = assert(vim.uv.new_tcp())

local function answer(reply)
  socket:write(vim.json.encode(reply) .. '\n')
end

local function take(line)
  local step = vim.json.decode(line)
  local ok, value = xpcall(steps[step.step], debug.traceback, step)
  if ok then
    answer({ done = true, value = value })
  else
    answer({ error = value })
  end
end

socket:connect('127.0.0.1', assert(tonumber(vim.env.NVIM_DRIVE_PORT)), function(failed)
  assert(not failed, failed)
  local rest = ''
  socket:read_start(function(err, chunk)
    if err or not chunk then
      vim.schedule(function()
        vim.cmd('qall!')
      end)
      return
    end
    rest = rest .. chunk
    while true do
      local line, after = rest:match('^([^\n]*)\n(.*)$')
      if not line then
        break
      end
      rest = after
      vim.schedule(function()
        take(line)
      end)
    end
  end)
end)
