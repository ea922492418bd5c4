---What key maps and status lines call. Everything else is loaded when it is needed.

local M = {}

---The actions that work on code, and the server's commands for them.
---@type table<string, string>
M.COMMANDS = {
  explain = 'dola.explain',
  refactor = 'dola.refactor',
  tests = 'dola.generateTests',
  fix = 'dola.fix',
  document = 'dola.document',
  ['do'] = 'dola.instruct',
  ['describe-image'] = 'dola.describeImage',
  ['write-from-image'] = 'dola.writeFromImage',
  ['describe-video'] = 'dola.describeVideo',
}

---@class dola.Options
---@field place? dola.Place What to work on: the selection in Visual mode, else the cursor.
---@field instruction? string What to do, in the user's words.
---@field own? string The id of an action of the user's own to run, in the place of a name.
---@field show? boolean Show what would be sent, and send nothing.

---Send an action on its way.
---@param client vim.lsp.Client
---@param name string
---@param place dola.Place
---@param version? integer The buffer's version that the place belongs to.
---@param options dola.Options
local function start(client, name, place, version, options)
  local argument = {
    uri = vim.uri_from_bufnr(place.bufnr),
    range = require('dola.place').range(place, client.offset_encoding),
    version = version,
    instruction = options.instruction,
  }
  local problems = require('dola.problems')
  if name == 'fix' then
    local found = problems.on(place)
    if #found == 0 then
      local where = place.row == place.end_row and ('line %d'):format(place.row + 1)
        or ('lines %d-%d'):format(place.row + 1, place.end_row + 1)
      require('dola.say')(
        ('no problem is reported on %s. Nothing was sent. `]d` goes to the next one.'):format(where)
      )
      return
    end
    argument.diagnostics = problems.to_lsp(found, place.bufnr, client.offset_encoding)
  else
    -- For the model to know; the task stays what it is.
    local beside = problems.near(place)
    argument.others = #beside > 0
        and problems.to_lsp(beside, place.bufnr, client.offset_encoding)
      or nil
  end
  local command = M.COMMANDS[name]
  if options.own then
    argument.action, command = options.own, 'dola.own'
  end
  if options.show then
    -- A name that is none of these is that of an action of the user's own.
    argument.action, command = command or name, 'dola.showPrompt'
  end
  require('dola.server').execute(client, place.bufnr, command, argument)
end

---Run an action, by its name in `COMMANDS`.
---@param name string
---@param options? dola.Options
function M.run(name, options)
  options = options or {}
  local at = require('dola.place')
  local place = options.place or at.selection() or at.cursor()
  if vim.fn.mode():find('^[vV\22]') then
    vim.api.nvim_feedkeys(vim.keycode('<Esc>'), 'nx', false)
  end
  local client = require('dola.server').required(place.bufnr)
  if not client then
    return
  end
  -- Taken now: while the user writes an instruction, the lines may become others. The server
  -- refuses a version that is not the buffer's, and says so.
  local versions = vim.lsp.util.buf_versions
  local version = versions and versions[place.bufnr]
  if name ~= 'do' or options.instruction then
    start(client, name, place, version, options)
    return
  end
  vim.ui.input({ prompt = 'Dola, do: ' }, function(text)
    text = vim.trim(text or '')
    if text ~= '' then
      start(client, name, place, version, { instruction = text, show = options.show })
    end
  end)
end

---Show what an action would send, and send nothing: one of those that `run` takes, or the id of
---an action of the user's own.
---@param name string
---@param options? dola.Options
function M.show(name, options)
  M.run(name, vim.tbl_extend('force', options or {}, { show = true }))
end

---Run an action of the user's own: the one with an id, or the one that is chosen from those that are
---for the place.
---@param id? string
---@param options? dola.Options
function M.own(id, options)
  options = options or {}
  if id then
    M.run('own', vim.tbl_extend('force', options, { own = id }))
    return
  end
  local place = options.place
  vim.lsp.buf.code_action({
    range = place and {
      start = { place.row + 1, place.col },
      ['end'] = { place.end_row + 1, place.end_col },
    },
    filter = function(action)
      local command = action.command
      return (type(command) == 'table' and command.command or command) == 'dola.own'
    end,
  })
end

---Stop everything that is under way.
function M.cancel()
  local server = require('dola.server')
  local clients = vim.lsp.get_clients({ name = server.NAME })
  if #clients == 0 then
    require('dola.say')('there is nothing to cancel: no dola-ls is running.')
    return
  end
  local jobs = require('dola.progress').jobs()
  local busy = vim.tbl_filter(function(client) ---@param client vim.lsp.Client
    return vim.iter(jobs):any(function(job) ---@param job dola.Job
      return job.client_id == client.id
    end)
  end, clients)
  -- One that has nothing to cancel says so, which is wrong beside one that has.
  for _, client in ipairs(#busy > 0 and busy or { server.of(0) or clients[1] }) do
    server.execute(client, 0, 'dola.cancel', vim.empty_dict())
  end
end

---Have the server say what it is doing, with which model, and what the session has come to.
function M.tell_status()
  local server = require('dola.server')
  local client = server.of(0) or vim.lsp.get_clients({ name = server.NAME })[1]
  client = client or server.required(0)
  if client then
    server.execute(client, 0, 'dola.status', vim.empty_dict())
  end
end

---Show what the model thought in the last action.
function M.reasoning()
  local server = require('dola.server')
  local client = server.of(0) or vim.lsp.get_clients({ name = server.NAME })[1]
  client = client or server.required(0)
  if client then
    server.execute(client, 0, 'dola.showReasoning', vim.empty_dict())
  end
end

---Take back the consent to send code of this buffer's folder.
function M.withdraw()
  local server = require('dola.server')
  local client = server.required(0)
  if client then
    server.execute(client, 0, 'dola.consent', { allow = false, uri = vim.uri_from_bufnr(0) })
  end
end

---Show a proposal beside the code: that of this buffer, or the one that is chosen.
function M.review()
  local proposals = require('dola.proposals')
  local found = proposals.of(0)
  found = #found > 0 and found or proposals.all()
  if #found == 0 then
    require('dola.say')('there is no proposal to review.', vim.log.levels.INFO)
  elseif #found == 1 then
    require('dola.review').open(found[1])
  else
    vim.ui.select(found, {
      prompt = 'Review',
      kind = 'dola',
      format_item = function(one) ---@param one dola.Proposal
        return ('%s, %s'):format(vim.fs.basename(vim.uri_to_fname(one.uri)), one.label)
      end,
    }, function(one)
      if one then
        require('dola.review').open(one)
      end
    end)
  end
end

---One line for a status line: what is under way, else what waits for a review, else nothing.
---@return string
function M.status()
  local jobs = require('dola.progress').jobs()
  local text = ''
  if #jobs == 1 then
    text = jobs[1].title .. (jobs[1].message and (': ' .. jobs[1].message) or '')
  elseif #jobs > 1 then
    text = ('%s and %d more'):format(jobs[1].title, #jobs - 1)
  else
    local waiting = #require('dola.proposals').all()
    text = waiting > 0 and ('Dola: %d to review'):format(waiting) or ''
  end
  -- Some status lines take a % for the beginning of an item.
  return (text:gsub('%%', ''))
end

return M
